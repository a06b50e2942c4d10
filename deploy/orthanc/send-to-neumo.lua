-- Sends each radiograph to neumo as it comes. Results are other modalities, so they are not sent again.
function OnStoredInstance(instanceId, tags, metadata)
  if tags['Modality'] == 'CR' or tags['Modality'] == 'DX' then
    SendToModality(instanceId, 'neumo')
  end
end
